"""The pages of those who run the site: a studio's producer, and the operator.

door      who may see them
board     what a producer sees: who was asked, who has signed, what it will cost
uploads   a folder of drawings with its list, from a browser
pages     the pages of invitations
seasons      a season's outputs: looking at them and registering them, in threads of their own
seasonshown  what a producer sees of them
seasonpages  their pages
"""
