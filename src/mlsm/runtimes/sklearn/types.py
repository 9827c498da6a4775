"""The types that a skops file may hold: scikit-learn's own, beside those that skops itself trusts.

Each is named, none by its module's beginning: a module of scikit-learn also holds what it
imported from others (`urlretrieve`, `os`), which no model needs.
"""

from __future__ import annotations

__all__ = ["ALLOWED"]

_METRICS = (
    "BrayCurtis", "Canberra", "Chebyshev", "Dice", "Euclidean", "Hamming", "Haversine", "Jaccard", "Mahalanobis",
    "Manhattan", "Minkowski", "RogersTanimoto", "RussellRao", "SEuclidean", "SokalMichener", "SokalSneath", "Yule",
)  # fmt: skip
_KERNELS = (
    "CompoundKernel", "ConstantKernel", "DotProduct", "ExpSineSquared", "Exponentiation", "Matern", "PairwiseKernel",
    "Product", "RBF", "RationalQuadratic", "Sum", "WhiteKernel",
)  # fmt: skip
_SPLITS = (
    "GroupKFold", "GroupShuffleSplit", "KFold", "LeaveOneGroupOut", "LeaveOneOut", "LeavePGroupsOut", "LeavePOut",
    "PredefinedSplit", "RepeatedKFold", "RepeatedStratifiedKFold", "ShuffleSplit", "StratifiedGroupKFold",
    "StratifiedKFold", "StratifiedShuffleSplit", "TimeSeriesSplit", "_CVIterableWrapper",
)  # fmt: skip
_CLASSIFICATION = (
    "accuracy_score", "balanced_accuracy_score", "brier_score_loss", "cohen_kappa_score", "f1_score", "fbeta_score",
    "jaccard_score", "log_loss", "matthews_corrcoef", "precision_score", "recall_score",
)  # fmt: skip
_RANKING = ("average_precision_score", "roc_auc_score", "top_k_accuracy_score")
_REGRESSION = (
    "explained_variance_score", "max_error", "mean_absolute_error", "mean_absolute_percentage_error",
    "mean_gamma_deviance", "mean_pinball_loss", "mean_poisson_deviance", "mean_squared_error",
    "mean_squared_log_error", "median_absolute_error", "r2_score", "root_mean_squared_error",
    "root_mean_squared_log_error",
)  # fmt: skip
_SINGLE = (
    "_loss.loss.HalfTweedieLoss",
    "_loss.loss.HalfTweedieLossIdentity",
    "calibration._CalibratedClassifier",
    "calibration._SigmoidCalibration",
    "calibration._TemperatureScaling",
    "cluster._bisect_k_means._BisectingTree",
    "cluster._kmeans._kmeans_single_elkan",
    "cluster._kmeans._kmeans_single_lloyd",
    "compose._column_transformer._RemainderColsList",
    "compose._column_transformer.make_column_selector",
    "ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "feature_selection._mutual_info.mutual_info_classif",
    "feature_selection._mutual_info.mutual_info_regression",
    "feature_selection._univariate_selection.chi2",
    "feature_selection._univariate_selection.f_classif",
    "feature_selection._univariate_selection.f_regression",
    "feature_selection._univariate_selection.r_regression",
    "gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
    "impute._iterative.IterativeImputer",
    "impute._iterative._ImputerTriplet",
    "metrics._scorer._CurveScorer",
    "metrics._scorer._MultimetricScorer",
    "metrics._scorer._PassthroughScorer",
    "metrics._scorer._Scorer",
    "model_selection._search_successive_halving.HalvingGridSearchCV",
    "model_selection._search_successive_halving.HalvingRandomSearchCV",
    "multiclass._ConstantPredictor",
    "neighbors._ball_tree.BallTree",
    "neighbors._ball_tree.BallTree32",
    "neighbors._ball_tree.BallTree64",
    "neighbors._kd_tree.KDTree",
    "neighbors._kd_tree.KDTree32",
    "neighbors._kd_tree.KDTree64",
    "neural_network._stochastic_optimizers.AdamOptimizer",
    "neural_network._stochastic_optimizers.SGDOptimizer",
    "tree._tree.Tree",
    "utils._bunch.Bunch",
    "utils._metadata_requests.MetadataRequest",
    "utils._metadata_requests.MethodMetadataRequest",
    "utils.validation.check_array",
)
_FOREIGN = (
    "builtins.object",  # a selector of columns by their type names it
    "functools.partial",  # the function within is looked at by itself
    "numpy.dtype",
    "numpy.mean",
    "scipy._lib.array_api_compat.numpy._aliases.asarray",  # what a BSpline of scipy 1.17 holds
    "scipy.interpolate._bsplines.BSpline",
)

ALLOWED = frozenset(
    [
        *(f"sklearn.{name}" for name in _SINGLE),
        *(f"sklearn.gaussian_process.kernels.{name}" for name in _KERNELS),
        *(f"sklearn.metrics._classification.{name}" for name in _CLASSIFICATION),
        *(f"sklearn.metrics._dist_metrics.{name}Distance{bits}" for name in _METRICS for bits in ("", "32", "64")),
        *(f"sklearn.metrics._ranking.{name}" for name in _RANKING),
        *(f"sklearn.metrics._regression.{name}" for name in _REGRESSION),
        *(f"sklearn.model_selection._split.{name}" for name in _SPLITS),
        *_FOREIGN,
    ]
)
"""Types that scikit-learn's own estimators hold when fitted, by the names that skops gives them."""
