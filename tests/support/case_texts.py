"""Case texts that several tests start from."""

SMALLEST = """
[grid]
n_x = [16, 1]
length = [6.283185307179586, 1]
n_p = [24, 20]

[physics]
epsilon = 0.2
alpha = -0.5
tau = 0.05

[initial]
n0 = 1
n = ["0.5*cos(x1)", "0", 0.25]

[time]
t_end = 0.5
dt = 0.025
"""
MATERIAL = """
[material]
preset = "InAs"
temperature = 77
relaxation_time = 1e-13
reference_length = 50e-9
"""
SCALED = "epsilon = 0.2\nalpha = -0.5\ntau = 0.05\n"
