"""What answers share below the edges: what a request asks about, serializers, and what is exported."""
