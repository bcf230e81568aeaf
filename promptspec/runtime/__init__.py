"""What generated modules run on. They import `promptspec.runtime.v1` and nothing else of this package."""
