"""Every name is watched by itself: what is said of it now, against its own past and what names of no past are like."""
