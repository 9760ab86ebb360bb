"""What a link to a page looks like where somebody sends it to others: a picture in words.

letters   fonts, what they can draw, and lines of a width
drawn     the picture
easel     which pictures are kept, and how much drawing is too much
routes    where they are asked for
"""
