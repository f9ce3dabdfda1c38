"""The command line: every command by name, and errors as one readable line with exit status 1."""

import os
import sys

import typer
from botocore.exceptions import BotoCoreError, ClientError

from cloud.commands.bench import bench
from cloud.commands.data_service import data_service
from cloud.commands.deploy import deploy
from cloud.commands.down import down
from cloud.commands.invoke import invoke
from cloud.commands.logs import logs
from cloud.commands.models import models
from cloud.commands.package import package
from cloud.commands.predict import predict
from cloud.commands.retrain import retrain
from cloud.commands.sam import sam
from cloud.commands.status import status
from cloud.commands.train import train
from cloud.commands.up import up
from cloud.environment import proxies_around_loopback
from menagerie.errors import MenagerieError

COMMANDS = (up, down, status, logs, invoke, retrain, train, predict, data_service, package, deploy, bench)

app = typer.Typer(
    name="menagerie",
    help="Classify animals: local-first serverless machine learning.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in COMMANDS:
    app.command(command.__name__.replace("_", "-"))(command)
# What follows the first word is sam's, --help included.
app.command("sam", context_settings={"allow_interspersed_args": False})(sam)
app.add_typer(models, name="models")


def main() -> None:
    """Run the command line."""
    os.environ.update(proxies_around_loopback())
    try:
        app()
    except (MenagerieError, BotoCoreError, ClientError) as error:
        sys.stderr.write(f"menagerie: {' '.join(str(error).split())}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
