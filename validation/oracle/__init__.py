"""Independent evidence: reference results that share no code with wigner and macro.

Read in this order: `closed_forms` (what is known on paper), `dense` (operators as matrices), `bgk`
(the quantum Maxwellian and the collisional dynamics on those matrices), `rates` (the right-hand
side of the nonlocal model from those matrices), `schroedinger` (exact transport of a Wigner
function in four dimensions). Only numpy and scipy are imported here.

The exact right-hand side d_t N = -<T M> + tau (<T T M> + <T d_t^0 M>) for given densities:

    box = rates.box(n, length, epsilon, alpha)          one point on an axis: nothing varies there
    exact = rates.nonlocal_rates(box, N, V)             N = (n0, n), (4, N1, N2)
    exact.TM, exact.TTM, exact.TdM                      each (4, N1, N2), in units of (n0, n)
    exact.rate(tau), exact.M.A, exact.dA                d_t N, (a0, a), d_t^0 (a0, a)
"""
