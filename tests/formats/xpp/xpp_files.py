"""Models of XPP for tests: written here, in the forms that its files have."""

import textwrap

import equinox as eqx
import numpy as np

MEMBRANE = """
    # A membrane with a calcium current
    "  A note for the reader, {iapp=.2} with an action
    params iapp=0.1,phi=.333
    p v1=-.01 v2=0.15,v3=0.1
    par GCa=1.33
    number e_ca=1
    !half=2*phi
    minf(v)=.5*(1+tanh((v-v1)/v2))
    ninf(v)=.5*(1+tanh((v-v3)/half))
    V'=  iapp-.5*(v+.5)-2*w*(v+.7)-ica \\
         +0*t
    dW/dt= phi*(ninf(v)-w)/tau(v)
    ica=gca*minf(v)*(v-e_ca)
    tau(z)=if(z>0)then(1+z)else(1)
    aux I.Ca=ica
    init v=.05
    w(0)=phi/2
    b v-v'
    @ TOTAL=30,dt=.05,xlo=-.6,xhi=1.2,ylo=-.25,yhi=1.2
    @ xplot=V,yplot=w
    set quiet {iapp=0, \\
        total=10}
    only v
    done
    this is not read any more
"""

GROWTH = """
    x(t+1)=r*x*(1-x)
    y(t+1)=x+t/2
    par r=3.2
    init x=.3,y
    d
"""


def write(folder, text, name="model.ode"):
    """A file with that text, without its indentation."""
    path = folder / name
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def law(rule, t, state):
    """How a rule changes a state."""
    return np.asarray(eqx.filter_jit(rule.displacement)(t, np.array(state)))
