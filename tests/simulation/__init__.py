"""A deterministic simulator: the production code of both stages under every fault that we can think of.

scheduler     one simulated clock, many processes, one interleaving per seed
connections   what production takes for boto3 clients; here the faults happen
faults        which fault happens at which call
s3 sqs dynamodb expressions streams     the services, after their documented semantics
daemons lambdas operators               who works: VM daemons, Lambda mappings, people
traffic       files whose content the generator knows, and the truth computed from it
invariants    what must hold at rest
themes        what schedules are about
schedule      one seed from the first upload to the last check
call_sites    which calls of production code were crashed at
shrinking mutants __main__              the command line, short traces, planted bugs
"""
