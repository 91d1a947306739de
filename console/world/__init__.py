"""Records by topic, their versions and the stream that carries them; the freshness of every source."""
