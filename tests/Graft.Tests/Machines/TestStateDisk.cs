using System.Collections.Immutable;

namespace Graft.Tests.Machines;

/// <summary>The disk of a <see cref="TestDiskMachine"/>: what it has committed, and what of that a loss of power would leave.</summary>
internal sealed class TestStateDisk
{
    internal sealed record Content(ImmutableList<string> Lines, ImmutableSortedDictionary<string, byte[]> Rows, ulong Index)
    {
        internal static Content Empty { get; } = new([], ImmutableSortedDictionary.Create<string, byte[]>(StringComparer.Ordinal), 0);

        /// <summary>The node's rows but for the one that says where in the log: that differs between equal states.</summary>
        internal string Sessions => string.Join('\n', Rows.Where(row => row.Key != "01").Select(row => $"{row.Key} {Convert.ToHexString(row.Value)}"));
    }

    internal Content Committed { get; set; } = Content.Empty;

    internal Content Durable { get; set; } = Content.Empty;

    internal int Commits { get; set; }

    internal int Restores { get; set; }

    /// <summary>How many commits lie between two that become durable by themselves; zero for none.</summary>
    internal int CheckpointEvery { get; set; }

    /// <summary>Whether a checkpoint that is asked for does anything: a reader may be in its way.</summary>
    internal bool IsCheckpointBlocked { get; set; }

    internal void LosePower() => Committed = Durable;
}
