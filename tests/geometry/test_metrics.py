"""Each metric against an independent computation, and what each refuses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw

M = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, -0.5], [0.5, -0.5, 2.0]])
X = np.array([0.2, 0.5, 0.3])
P = np.array([1.0, -2.0, 0.5])


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


def field(x):
    """A positive definite matrix that depends on the state."""
    v = jnp.concatenate([leaf.ravel() for leaf in jax.tree.leaves(x)])
    return jnp.asarray(M, v.dtype) + jnp.outer(v, v)


def test_constant_metric_against_gaussian_elimination():
    metric = tw.ConstantMetric(M)
    np.testing.assert_allclose(metric.sharp(X, P), np.linalg.solve(M, P), rtol=1e-14)
    np.testing.assert_allclose(metric.flat(X, P), M @ P, rtol=1e-14)
    np.testing.assert_allclose(metric.matrix, M, rtol=1e-14)
    assert float(metric.norm(X, P)) == pytest.approx(np.sqrt(P @ M @ P), rel=1e-14)
    assert float(metric.inner(X, P, X)) == pytest.approx(P @ M @ X, rel=1e-14)


def test_constant_metric_of_a_tree_acts_on_the_raveled_state():
    metric = tw.ConstantMetric(M)
    x = {"a": X[:1], "b": X[1:].reshape(2, 1)}
    raised = metric.sharp(x, {"a": P[:1], "b": P[1:].reshape(2, 1)})
    expected = np.linalg.solve(M, P)
    np.testing.assert_allclose(raised["a"], expected[:1], rtol=1e-14)
    np.testing.assert_allclose(raised["b"], expected[1:].reshape(2, 1), rtol=1e-14)


def test_constant_metric_is_differentiable_in_its_matrix():
    """d(M⁻¹p) = −M⁻¹ dM M⁻¹p, also where the factor is computed inside a trace."""
    change = np.diag([1.0, 0.0, -0.5])
    _, tangent = jax.jvp(lambda m: tw.ConstantMetric(m).sharp(X, P), (jnp.asarray(M),), (change,))
    inverse = np.linalg.inv(M)
    np.testing.assert_allclose(tangent, -inverse @ change @ inverse @ P, rtol=1e-12)


def test_a_badly_conditioned_metric_is_solved_as_well_as_can_be():
    """Hilbert's matrix of order 8, condition 1.5e10: residual at rounding level, as by Cholesky."""
    i = np.arange(8.0)
    hilbert = 1.0 / (i[:, None] + i + 1.0)
    x = np.asarray(tw.ConstantMetric(hilbert).sharp(np.zeros(8), hilbert @ np.ones(8)))
    residual = np.abs(hilbert @ x - hilbert @ np.ones(8)).max()
    assert residual <= 8 * np.finfo(float).eps * np.linalg.norm(hilbert) * np.abs(x).max() * 8


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.ones((2, 3)), r"must be square, got the shape \(2, 3\)"),
        (np.ones(3), r"must be square, got the shape \(3,\)"),
        (np.array([[1.0, 0.5], [0.0, 1.0]]), r"must be symmetric, got 0.5 at \[0, 1\] but 0.0"),
        (np.array([[1.0, 0.5], [0.504, 1.0]]), r"must be symmetric, got 0.5 at \[0, 1\] but 0.504"),
        (np.diag([1.0, -0.5]), "must be positive definite, but its smallest eigenvalue is -0.5"),
        (np.zeros((2, 2)), "must be positive definite, but its smallest eigenvalue is 0"),
        (np.diag([1.0, np.nan]), "must be finite"),
        ("identity", "must hold numbers, got 'identity'"),
    ],
)
def test_what_is_no_constant_metric_is_refused(matrix, message):
    with pytest.raises(tw.InputError, match=message):
        tw.ConstantMetric(matrix)


def test_a_matrix_that_does_not_fit_the_state_is_refused():
    with pytest.raises(tw.InputError, match=r"shape \(3, 3\) does not fit a state of 2 coord"):
        tw.ConstantMetric(M).sharp(X[:2], P[:2])
    with pytest.raises(tw.InputError, match=r"shape \(3,\) does not fit a state of 3 coord"):
        tw.MetricField(lambda x: x).flat(X, P)
    with pytest.raises(tw.InputError, match="DiagonalMetric: fn must return the structure"):
        tw.DiagonalMetric(lambda x: x[:2]).sharp(X, P)
    with pytest.raises(tw.InputError, match="vector of probabilities, got a number"):
        tw.Simplex().sharp(0.5, 1.0)


def test_field_and_diagonal_against_numpy():
    matrix = M + np.outer(X, X)
    metric = tw.MetricField(field)
    np.testing.assert_allclose(metric.sharp(X, P), np.linalg.solve(matrix, P), rtol=1e-14)
    np.testing.assert_allclose(metric.flat(X, P), matrix @ P, rtol=1e-14)
    diagonal = tw.DiagonalMetric(lambda x: {"a": 1.0 + x["a"] ** 2, "b": 2.0 * x["a"][:1]})
    x, p = {"a": X[:2], "b": X[2:]}, {"a": P[:2], "b": P[2:]}
    np.testing.assert_allclose(diagonal.sharp(x, p)["a"], P[:2] / (1 + X[:2] ** 2), rtol=1e-15)
    np.testing.assert_allclose(diagonal.flat(x, p)["b"], 2.0 * X[0] * P[2:], rtol=1e-15)


def test_what_is_not_positive_definite_is_nan_in_compiled_code():
    indefinite = np.diag([1.0, -1.0, 1.0])
    assert np.all(np.isnan(tw.MetricField(lambda x: jnp.asarray(indefinite)).sharp(X, P)))
    raised = tw.DiagonalMetric(lambda x: jnp.diag(jnp.asarray(indefinite))).sharp(X, P)
    np.testing.assert_array_equal(np.isnan(raised), [False, True, False])
    traced = jax.jit(lambda m: tw.ConstantMetric(m).sharp(X, P))(indefinite)
    assert np.all(np.isnan(traced))


def test_simplex_is_the_replicator_and_conserves_mass():
    raised = np.asarray(tw.Simplex().sharp(X, P))
    np.testing.assert_allclose(raised, X * (P - X @ P), rtol=1e-15)
    off = 1.5 * X
    assert float(jnp.sum(tw.Simplex().sharp(off, P))) == pytest.approx(0.0, abs=1e-15)
    np.testing.assert_allclose(tw.Simplex().flat(X, raised), raised / X, rtol=1e-15)


def test_simplex_is_the_fisher_information_of_a_categorical_law():
    """E[∂_u log p ∂_v log p] = Σ u v / x, with the score of outcome i along v being vᵢ / xᵢ."""
    u, v = np.array([0.1, -0.3, 0.2]), np.array([-0.2, 0.1, 0.1])
    scores = jax.jacfwd(lambda s: jnp.log(X + s[0] * u + s[1] * v))(np.zeros(2))
    fisher = np.sum(X * np.asarray(scores[:, 0] * scores[:, 1]))
    assert float(tw.Simplex().inner(X, u, v)) == pytest.approx(fisher, rel=1e-14)


def test_simplex_takes_several_distributions_and_leaves_faces_alone():
    x = {"rows": np.stack([X, X[::-1]]), "pair": np.array([0.0, 1.0])}
    p = {"rows": np.stack([P, P]), "pair": np.array([3.0, 1.0])}
    raised = tw.Simplex().sharp(x, p)
    np.testing.assert_allclose(raised["rows"][1], X[::-1] * (P - X[::-1] @ P), rtol=1e-15)
    np.testing.assert_array_equal(raised["pair"], [0.0, 0.0])


def test_sphere_projects_on_what_is_orthogonal():
    for scale in (1.0, 7.0):
        x = scale * X
        raised = np.asarray(tw.Sphere().sharp(x, P))
        projection = np.eye(3) - np.outer(x, x) / (x @ x)
        np.testing.assert_allclose(raised, projection @ P, rtol=1e-14)
        assert abs(raised @ x) < 1e-14
        assert float(tw.Sphere().norm(x, raised)) == pytest.approx(np.linalg.norm(raised))


def test_sphere_of_a_tree_is_one_sphere():
    x, p = {"a": X[:1], "b": X[1:]}, {"a": P[:1], "b": P[1:]}
    raised = tw.Sphere().sharp(x, p)
    whole = tw.Sphere().sharp(X, P)
    np.testing.assert_allclose(np.concatenate([raised["a"], raised["b"]]), whole, rtol=1e-14)


def test_the_origin_is_on_no_sphere():
    assert np.all(np.isnan(tw.Sphere().sharp(np.zeros(3), P)))


@pytest.mark.long
def test_descent_on_the_sphere_rests_at_eigenvectors():
    """−xᵀMx/2 on the sphere rests at the eigenvectors of M."""
    flow = tw.SteepestDescent(tw.energies.Quadratic(-M), tw.Sphere())
    vectors = np.linalg.eigh(M)[1]
    for vector in vectors.T:
        np.testing.assert_allclose(flow.velocity(0.0, vector), 0.0, atol=1e-14)
