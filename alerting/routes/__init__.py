"""The tree of routes: walked, and written branch by branch."""
