"""Reading of foreign feeds, pages and robots.txt in processes of their own, with limits on time and memory."""
