"""Settings are read from the environment; one error names all that are missing or invalid."""

import pytest

from menagerie.errors import Misconfigured
from menagerie.settings import PredictSettings, RetrainSettings, TrainSettings

ENVIRONMENT = {
    "MODELS_BUCKET": "models",
    "PREDICTIONS_TABLE": "predictions",
    "JOBS_TABLE": "jobs",
    "TRAINER_FUNCTION": "train",
    "DATA_SERVICE_URL": "http://127.0.0.1:8777",
    "EVENT_BUS": "menagerie",
    "PATH": "/bin",
}


def test_each_function_reads_its_settings() -> None:
    predict = PredictSettings.from_environment(ENVIRONMENT)
    assert (predict.models_bucket, predict.predictions_table) == ("models", "predictions")
    retrain = RetrainSettings.from_environment(ENVIRONMENT)
    assert (retrain.models_bucket, retrain.jobs_table, retrain.trainer_function) == ("models", "jobs", "train")
    assert TrainSettings.from_environment(ENVIRONMENT).data_service_url == "http://127.0.0.1:8777"


def test_durations_have_defaults_and_can_be_set() -> None:
    assert PredictSettings.from_environment(ENVIRONMENT).model_refresh_seconds == 5
    changed = {**ENVIRONMENT, "MODEL_REFRESH_SECONDS": "0.5", "JOB_PATIENCE_SECONDS": "20"}
    assert PredictSettings.from_environment(changed).model_refresh_seconds == 0.5
    assert RetrainSettings.from_environment(changed).job_patience_seconds == 20


def test_one_line_names_all_missing_and_invalid_variables() -> None:
    wrong = {"PREDICTIONS_TABLE": "", "MODEL_REFRESH_SECONDS": "soon"}
    with pytest.raises(Misconfigured) as caught:
        PredictSettings.from_environment(wrong)
    text = str(caught.value)
    assert "\n" not in text
    for name in ("MODELS_BUCKET", "PREDICTIONS_TABLE", "MODEL_REFRESH_SECONDS"):
        assert name in text
    assert "soon" not in text


@pytest.mark.parametrize("name", ["ModelsBucket", "a", "-models", "my_models", "x" * 64])
def test_the_error_of_an_invalid_bucket_name_names_the_command_with_the_real_one(name: str) -> None:
    with pytest.raises(Misconfigured, match=f"'{name}' is not a bucket name; `menagerie sam local`"):
        PredictSettings.from_environment({**ENVIRONMENT, "MODELS_BUCKET": name})


def test_settings_are_immutable() -> None:
    with pytest.raises(ValueError, match="frozen"):
        setattr(PredictSettings.from_environment(ENVIRONMENT), "models_bucket", "others")  # noqa: B010  # mypy knows
