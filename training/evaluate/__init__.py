"""How good a model is: lips on phones, stability, sliders, what it hears. Through the product's own
path, nothing beside it.
"""
