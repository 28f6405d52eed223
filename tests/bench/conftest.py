"""The parts of the benchmark lie beside their tests and are imported by their plain names."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
