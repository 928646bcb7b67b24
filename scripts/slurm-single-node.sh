#!/usr/bin/env bash
# A Slurm of one node on this machine, for tests: munged, slurmctld and slurmd in a folder of their own, nothing installed,
# nothing enabled. Needs root and Debian's slurm-wlm and munge.
#
#   scripts/slurm-single-node.sh start FOLDER [CORES]    prints lines to source: export SLURM_CONF=...
#   scripts/slurm-single-node.sh stop FOLDER             ends what start has started, and nothing else
#
# The commands of Slurm (sbatch, squeue ...) find it by SLURM_CONF alone, so another Slurm on the machine is left in peace.
set -euo pipefail

usage() { sed -n '5,6s/^#   //p' "$0" >&2; exit 1; }
fail() { echo "slurm-single-node: $*" >&2; exit 1; }

[ $# -ge 2 ] || usage
action=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)

# Whether the process whose number a file holds is alive and is the program we started with this folder.
alive() {
  local file=$1 program=$2 number
  [ -s "$file" ] || return 1
  number=$(cat "$file")
  [ -r "/proc/$number/cmdline" ] || return 1
  tr '\0' ' ' <"/proc/$number/cmdline" | grep -q "$program.*$folder"
}

free_port() { node -e 'const s=require("node:net").createServer().listen(0,()=>{console.log(s.address().port);s.close()})'; }

start() {
  local cores=${1:-$(nproc)} host port_ctl port_node
  [ "$(id -u)" -eq 0 ] || fail "must run as root, got user $(id -un); use sudo"
  for program in munged slurmctld slurmd sbatch; do
    command -v "$program" >/dev/null || fail "$program must be installed, got none; apt-get install slurm-wlm munge"
  done
  if alive "$folder/slurmctld.pid" slurmctld; then fail "must not run in $folder yet, got one that does; stop it"; fi
  mkdir -p "$folder"/{state,spool,munge,log}
  chmod 700 "$folder/munge"
  # munged wants folders that no one else can write to; --force lets it accept a temporary folder above them.
  (umask 077 && head -c 1024 /dev/urandom >"$folder/munge/key")
  host=$(hostname -s)
  port_ctl=$(free_port)
  port_node=$(free_port)
  cat >"$folder/slurm.conf" <<CONF
ClusterName=tslira
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port_ctl
SlurmdPort=$port_node
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/log/slurmctld.log
SlurmdLogFile=$folder/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,batch_sched_delay=0,bf_interval=1,sched_min_interval=0,default_queue_depth=1000
MaxArraySize=1001
MaxJobCount=20000
MinJobAge=300
KillWait=5
ReturnToService=2
SwitchType=switch/none
MpiDefault=none
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cores RealMemory=1000 State=UNKNOWN
PartitionName=test Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
  munged --force --key-file="$folder/munge/key" --socket="$folder/munge/socket" --pid-file="$folder/munged.pid" \
    --log-file="$folder/log/munged.log" --seed-file="$folder/munge/seed" 2>"$folder/log/munged.start" \
    || fail "munged must start, got: $(cat "$folder/log/munged.start")"
  export SLURM_CONF="$folder/slurm.conf"
  slurmctld -f "$SLURM_CONF" -c || { stop; fail "slurmctld must start; see $folder/log/slurmctld.log"; }
  slurmd -f "$SLURM_CONF" -N "$host" || { stop; fail "slurmd must start; see $folder/log/slurmd.log"; }
  for _ in $(seq 100); do
    if sinfo --noheader --format=%T 2>/dev/null | grep -qx idle; then
      echo "export SLURM_CONF=$SLURM_CONF"
      return
    fi
    sleep 0.2
  done
  tail -n 20 "$folder"/log/*.log >&2
  stop
  fail "node must become idle within 20 s, got none"
}

stop() {
  local program file number
  if alive "$folder/slurmctld.pid" slurmctld; then
    # Jobs outlive slurmd, so they are ended first; this Slurm has none but those of its users here.
    export SLURM_CONF="$folder/slurm.conf"
    timeout 10 scancel --full --user=root 2>/dev/null || true
    for _ in $(seq 60); do
      [ -n "$(timeout 5 squeue --noheader 2>/dev/null)" ] || break
      sleep 0.2
    done
  fi
  for program in slurmd slurmctld munged; do
    file="$folder/$program.pid"
    alive "$file" "$program" || continue
    number=$(cat "$file")
    kill "$number" 2>/dev/null || true
    for _ in $(seq 50); do
      kill -0 "$number" 2>/dev/null || break
      sleep 0.1
    done
    kill -9 "$number" 2>/dev/null || true
  done
}

case $action in
  start) start "${3:-}" ;;
  stop) stop ;;
  *) usage ;;
esac
