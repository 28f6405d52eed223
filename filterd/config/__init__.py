"""Floor 2: files a person wrote become typed documents, or all their errors at once."""
