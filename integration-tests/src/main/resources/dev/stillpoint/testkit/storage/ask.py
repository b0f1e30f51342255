import rados, sys
cluster = rados.Rados(conffile=sys.argv[1])
cluster.connect(timeout=60)
for command in sys.argv[2:]:
    status, out, err = cluster.mon_command(command, b"")
    print(command, status, err, flush=True)
    if status:
        sys.exit(1)
