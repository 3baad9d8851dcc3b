"""What a maintainer or an instructor runs: execute, compare and publish."""
