"""Recorded commands audited by Apache Spark: palisade judges in every partition, Spark only spreads the lines.

    python audit_in_spark.py SOURCE OUTPUT --rules team.rules [further options of `palisade audit`]

SOURCE is whatever `textFile` reads, here NDJSON, one command a line. Two ways, and this does both:

* `audit --stdin --ndjson` answers each line with one line, in order, for whatever comes next in the pipeline; here the
  decisions are added up and printed.
* `audit --stdin --format tally` gives the sums of a partition. They are written to OUTPUT, and
  `palisade audit --rules team.rules OUTPUT` puts them together to the very report that one process would give.
"""

import json
import os
import shlex
import sys

from pyspark.sql import SparkSession

source, output, *options = sys.argv[1:]
palisade = [os.environ.get("PALISADE", "palisade"), "audit", *options, "--input", "ndjson", "--jobs", "1", "--fail-on", "never", "--lenient"]


def command(*more):
    return shlex.join(palisade + list(more))


spark = SparkSession.builder.master("local[2]").appName("palisade audit").config("spark.ui.enabled", "false").getOrCreate()
lines = spark.sparkContext.textFile(source, minPartitions=2)

verdicts = lines.pipe(command("--stdin", "--ndjson"), checkCode=True).map(json.loads)
decisions = verdicts.flatMap(lambda verdict: [told["decision"] for told in verdict["commands"]]).countByValue()
print(json.dumps({"decisions": dict(sorted(decisions.items()))}))

lines.pipe(command("--stdin", "--format", "tally"), checkCode=True).saveAsTextFile(output)
spark.stop()
