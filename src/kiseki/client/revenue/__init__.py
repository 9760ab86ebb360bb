"""Money: deposits, claims, redirects, waterfalls, titles and statements.

A part imports only from those above it:

    allowances  what a contract may take of a token
    titles      a series as a split over its cuts
    splits      splits that must be on the chain before they are named, and their files
    dues        what is owed, and the steps that bring it
    redirects   a payee's word that its money goes elsewhere
    waterfalls  money by tiers
    statements  what a distributor pays for a period
    revenue     `Kiseki.revenue`
"""
