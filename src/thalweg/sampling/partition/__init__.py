"""Partition functions of machines: exact by enumeration or Kaufman's formula, or estimated."""

from thalweg.sampling.partition.annealed import Annealed
from thalweg.sampling.partition.base import PartitionMethod
from thalweg.sampling.partition.exact import Exact
from thalweg.sampling.partition.log_partition import LogPartition, log_partition
from thalweg.sampling.partition.summed import free_energy
from thalweg.sampling.partition.torus import Torus, spontaneous_magnetization

__all__ = [
    "Annealed",
    "Exact",
    "LogPartition",
    "PartitionMethod",
    "Torus",
    "free_energy",
    "log_partition",
    "spontaneous_magnetization",
]
