"""The text of articles that a feed only links to: fetched as robots.txt and the pace of the host allow, cut to what a document keeps."""
