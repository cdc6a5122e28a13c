namespace Graft.Simulation.Core;

/// <summary>What happens next in a <see cref="World"/>.</summary>
internal enum EventKind : byte
{
    None,

    // At one node: these wait while the node is paused, and are gone if it crashes (except a delivery, which finds its next life).
    Deliver,
    Tick,
    DiskDone,
    Load,
    Turn,
    Fetch,
    ClientPropose,
    ClientRead,
    ApplyAgain,
    Watch,
    Transfer,
    Campaign,
    Unreachable,
    PauseSeen,
    EarlyTick,
    TakeSnapshot,
    ChangeMembers,
    FailStorage,

    // In the world around them.
    Resume,
    Restart,
    CrashNow,
    Heal,
    Clog,
    Cut,
    Mute,
    Release,
    Ask,
    Nemesis,
    Client,
    Sweep,
    Act,
}
