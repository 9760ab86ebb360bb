"""The chain into the index.

follower  reads what was logged since it last did, and starts anew after a reorganisation
"""
