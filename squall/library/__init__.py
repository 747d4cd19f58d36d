"""What `import squall` offers to programs; re-exported by `squall` itself and described in docs/python.md."""
