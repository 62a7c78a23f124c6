"""Past articles: found in sitemaps and WARC files a day at a time, and taken through the flow behind the live ones."""
