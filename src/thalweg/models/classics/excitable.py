"""Excitable membranes: FitzHugh–Nagumo and Morris–Lecar."""

from typing import Any

import jax
import jax.numpy as jnp

from thalweg.core.domains import Box
from thalweg.dynamics import Flow


class FitzHughNagumo(Flow):
    r"""An excitable membrane reduced to two dimensionless variables.

        v' = v − v³/3 − w + I        w' = (v + a − b w) / τ

    v is the fast voltage, w the slow recovery. With the default drive the rest state is unstable
    and the membrane fires in a cycle; at I = 0 it rests and is excitable.

    Arguments:
        current: the drive I.
        a: offset of the recovery.
        b: slope of the recovery; below 1 there is one equilibrium whatever the drive.
        tau: time constant τ of the recovery, in units of that of the voltage.

    References:
        R. FitzHugh, Biophys. J. 1, 445 (1961); J. Nagumo et al., Proc. IRE 50, 2061 (1962).
    """

    current: float = 0.8
    a: float = 0.7
    b: float = 0.8
    tau: float = 12.5

    domain = Box([-3.0, -3.0], [3.0, 3.0])
    state_names = ("v", "w")

    def velocity(self, t: Any, state: jax.Array) -> jax.Array:
        """(v', w')."""
        v, w = state
        return jnp.stack([v - v**3 / 3 - w + self.current, (v + self.a - self.b * w) / self.tau])


class MorrisLecar(Flow):
    r"""The barnacle muscle fibre with an instantaneous calcium current.

        C V' = I − g_Ca m∞(V)(V − E_Ca) − g_K n (V − E_K) − g_L (V − E_L)
          n' = φ cosh((V − V₃) / 2V₄) (n∞(V) − n)
        m∞ = ½[1 + tanh((V − V₁)/V₂)]        n∞ = ½[1 + tanh((V − V₃)/V₄)]

    V is the voltage in mV, n the open fraction of potassium channels, time in ms. The defaults are
    the class II set (onset of firing at a Hopf bifurcation, rest and firing both stable between
    I = 88.3 and 93.9). Class I (onset at a saddle-node on a cycle, I = 40) has `g_ca=4, v3=12,
    v4=17.4, phi=1/15`; the command line calls it `morris-lecar-class-1`.

    Arguments:
        current: applied current I, µA/cm².
        capacitance: C, µF/cm².
        g_ca: calcium conductance, mS/cm².
        g_k: potassium conductance, mS/cm².
        g_l: leak conductance, mS/cm².
        e_ca: calcium reversal potential, mV.
        e_k: potassium reversal potential, mV.
        e_l: leak reversal potential, mV.
        v1: half activation of calcium, mV.
        v2: width of the calcium activation, mV.
        v3: half activation of potassium, mV.
        v4: width of the potassium activation, mV.
        phi: rate of the potassium channels, 1/ms.

    References:
        C. Morris & H. Lecar, Biophys. J. 35, 193 (1981); both parameter sets as in J. Rinzel &
        G. B. Ermentrout, "Analysis of neural excitability and oscillations", in Koch & Segev
        (eds.), Methods in Neuronal Modeling, 2nd ed. (1998).
    """

    current: float = 90.0
    capacitance: float = 20.0
    g_ca: float = 4.4
    g_k: float = 8.0
    g_l: float = 2.0
    e_ca: float = 120.0
    e_k: float = -84.0
    e_l: float = -60.0
    v1: float = -1.2
    v2: float = 18.0
    v3: float = 2.0
    v4: float = 30.0
    phi: float = 0.04

    domain = Box([-80.0, 0.0], [60.0, 1.0])
    state_names = ("V", "n")

    def velocity(self, t: Any, state: jax.Array) -> jax.Array:
        """(V', n')."""
        v, n = state
        m_inf = 0.5 * (1.0 + jnp.tanh((v - self.v1) / self.v2))
        n_inf = 0.5 * (1.0 + jnp.tanh((v - self.v3) / self.v4))
        rate = self.phi * jnp.cosh((v - self.v3) / (2.0 * self.v4))
        ionic = (
            self.g_ca * m_inf * (v - self.e_ca)
            + self.g_k * n * (v - self.e_k)
            + self.g_l * (v - self.e_l)
        )
        return jnp.stack([(self.current - ionic) / self.capacitance, rate * (n_inf - n)])
