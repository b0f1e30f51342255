# Sourced by init.sh in a guest that is an array: it owns a storage on its first disk, which the rest
# of this script makes, serves volumes over NBD, and lets root in by ssh when it is told to.

array_disk=/dev/vda

load failover net_failover virtio_net
ifconfig lo 127.0.0.1
ifconfig eth0 10.0.2.15 netmask 255.255.255.0
echo 'root:*:0:0:root:/:/bin/sh' > /etc/passwd
echo 'sshd:*:100:65534::/run/sshd:/bin/false' >> /etc/passwd

# Past the page cache: what a client has been told is written is on the volume.
export_volume() { # DEVICE NAME PORT [OPTION]
  # shellcheck disable=SC2086
  qemu-nbd --fork --format=raw --cache=none --persistent --shared=8 --pid-file="/run/nbd.$3" \
    --export-name="$2" --bind=0.0.0.0 --port="$3" $4 "$1"
}

unexport_volume() { # PORT
  pid=$(cat "/run/nbd.$1")
  kill "$pid"
  while [ -d "/proc/$pid" ] && ! grep -q '^State:.Z' "/proc/$pid/status"; do usleep 10000; done
}

# With /run/ssh/host, its key, and /run/ssh/authorized.
start_sshd() {
  mkdir -p /run/sshd
  chmod 700 /run/ssh
  chmod 600 /run/ssh/*
  /usr/sbin/sshd -E /run/sshd.log
}

stop_sshd() {
  pid=$(cat /run/sshd.pid)
  kill "$pid"
  while [ -d "/proc/$pid" ] && ! grep -q '^State:.Z' "/proc/$pid/status"; do usleep 10000; done
}

# The connections that are open are cut; sshd itself goes on. What runs over them is left alone.
cut_ssh() {
  main=$(cat /run/sshd.pid)
  for status in /proc/[0-9]*/status; do
    pid=${status#/proc/}
    pid=${pid%/status}
    [ "$pid" = "$main" ] && continue
    case $(tr '\0' ' ' < "/proc/$pid/cmdline") in *'sshd: '*) kill -KILL "$pid" ;; esac
  done
  true
}
