"""Independent evidence: reference results that share no code with wigner and macro.

``closed_forms``: Wigner functions that are known on paper
``dispersion``: relaxation rates, helices, fields and plasmons of a homogeneous gas, from the field
``waves``: small waves with collisions for every epsilon, tau and coupling, by a Volterra equation
``dense``: operators on a periodic box as matrices
``packets``: a cloud of one spin in a potential and a Zeeman field, on these matrices
``bgk``: the quantum Maxwellian and the collisional dynamics, on these matrices
``rates``: the right-hand side of the nonlocal model, from these matrices
``schroedinger``: exact transport of a Wigner function in four dimensions, in fields that vary too

Only numpy and scipy are imported here.

Letters, as in all of the project:

    u = (n0, n)     densities            N = (n0, eps n)    components of <W>
    mu = (a0, a)    multipliers          A = (a0, eps a)    components of a0 + eps a.sigma

dense.scaled leads from u to N and from mu to A. Functions here take and return u and mu, but for
waves, which has N and A. Only schroedinger uses u for something else: the periodic part of a Bloch
wave.

The exact right-hand side d_t N = -<T M> + tau (<T T M> + <T d_t^0 M>) for given densities:

    box = rates.box(n, length, epsilon, alpha)          one point on an axis: nothing varies there
    exact = rates.nonlocal_rates(box, u, V)             u = (n0, n), (4, N1, N2)
    exact.TM, exact.TTM, exact.TdM                      each (4, N1, N2), in units of (n0, n)
    exact.rate(tau), exact.M.mu, exact.dmu              d_t u, (a0, a), d_t^0 (a0, a)
"""
