namespace Graft.Simulation.Disks;

/// <summary>Which subsets of the pending metadata a power loss can keep. Data are free in both.</summary>
public enum JournalOrder
{
    /// <summary>
    /// A prefix of the name changes per directory and of the length changes per file, and a move between directories never
    /// loses both names: a file system with a journal, such as ext4.
    /// </summary>
    Ordered,

    /// <summary>Any subset: no file system is known to be this bad, and the code under test should not need better.</summary>
    Adversarial,
}
