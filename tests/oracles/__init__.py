"""Independent evidence: reference results that share no code with the packages under test.

Read in this order: `closed_forms` (what is known on paper), `dense` (operators as matrices), `bgk`
(the quantum Maxwellian and the collisional dynamics on those matrices), `schroedinger` (exact
transport of a Wigner function in four dimensions), `cases` (recommended parameters, with stored
answers). Only numpy and scipy are imported here.
"""
