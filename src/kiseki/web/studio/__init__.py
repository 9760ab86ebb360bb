"""The pages of those who run the site: a studio's producer, and the operator.

door      who may see them
board     what a producer sees: who was asked, who has signed, what it will cost
purse     what the studio's wallet holds, and what gas costs it
pages     the first page, and who is let in
uploads   a folder that a browser names, and then sends in pieces
invitepages  the pages of invitations: bring drawings, see who would be asked, make the links
seasons      a season's outputs: looking at them and registering them, in threads of their own
seasonshown  what a producer sees of them
seasonpages  their pages
"""
