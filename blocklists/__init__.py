"""The curated lists that ship with filterd; a data package, found through importlib.resources."""
