"""How many individuals there are in a collection: sampled decisions of a reviewer, and a model."""
