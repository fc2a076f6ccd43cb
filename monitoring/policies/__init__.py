"""Whether applications keep to their policies: asked before a call, and told after it."""
