namespace Graft.Consensus;

/// <summary>More than half of a set of voters; any two such halves share a voter (thesis §3.3).</summary>
/// <remarks>
/// The set counts every voter, the leader among them: a library that left it out made the quorum of four voters two, and
/// two disjoint halves of a cluster could each commit. An empty set constrains nothing (<see cref="JointQuorum"/>).
/// </remarks>
public readonly record struct MajorityQuorum
{
    /// <summary>Of so many voters.</summary>
    /// <param name="voters">Zero or more.</param>
    public MajorityQuorum(int voters)
    {
        Invariant.Check(voters >= 0);
        Voters = voters;
    }

    /// <summary>How many voters there are.</summary>
    public int Voters { get; }

    /// <summary>floor(n/2) + 1; zero for the empty set.</summary>
    public int Size => Voters == 0 ? 0 : (Voters / 2) + 1;

    /// <summary>How many voters may be lost while the rest still makes a quorum.</summary>
    public int Tolerance => Voters - Size;

    /// <summary>The largest value that a quorum has reached, given what each voter has reached.</summary>
    /// <param name="reached">One value per voter; the order is lost.</param>
    public ulong Reached(Span<ulong> reached)
    {
        Invariant.Check(reached.Length == Voters, reached.Length, Voters);
        if (reached.Length == 0)
        {
            return ulong.MaxValue;
        }

        Sort(reached);
        return reached[Voters - Size];
    }

    /// <summary>Where a vote stands. That of the empty set is won.</summary>
    /// <param name="granted">How many have said yes.</param>
    /// <param name="refused">How many have said no; with those, no more than there are voters.</param>
    public QuorumOutcome Outcome(int granted, int refused)
    {
        Invariant.Check(granted + refused <= Voters, granted, refused);
        return granted >= Size ? QuorumOutcome.Won
            : refused > Tolerance ? QuorumOutcome.Lost
            : QuorumOutcome.Pending;
    }

    // Ascending. Clusters have a handful of voters, where insertion beats anything cleverer.
    private static void Sort(Span<ulong> values)
    {
        if (values.Length > 16)
        {
            values.Sort();
            return;
        }

        for (int sorted = 1; sorted < values.Length; sorted++)
        {
            ulong value = values[sorted];
            int place = sorted;
            while (place > 0 && values[place - 1] > value)
            {
                values[place] = values[place - 1];
                place--;
            }

            values[place] = value;
        }
    }
}
