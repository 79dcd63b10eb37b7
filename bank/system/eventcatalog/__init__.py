"""The catalogue as a folder that EventCatalog 3 builds into a site with drawings."""
