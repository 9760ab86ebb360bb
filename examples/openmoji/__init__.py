"""The main example: OpenMoji's 121 artists, a model trained on their drawings, and the money.

`drawings`, `model`, `pictures`, `summary` and `report` know nothing of any chain.
"""
