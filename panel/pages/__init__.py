"""What the pages show: dataclasses filled from the selectors of the rooms, so that templates only print."""
