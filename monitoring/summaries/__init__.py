"""What keeps summaries whole after the drain: rolled up, folded again, counted again."""
