using System.Globalization;
using System.Text;
using Graft.Consensus;

namespace Graft.Simulation.Nodes;

/// <summary>What the nodes have applied and what callers were told, held against each other.</summary>
/// <remarks>
/// The state is a list that only grows, so a state is a length, and what a caller knew is a length too: each read and each write has to come
/// behind whatever was known when it began.
/// </remarks>
internal sealed class Ledger(WorldLoop loop)
{
    private readonly List<(ulong Index, string Command, DateTimeOffset Time, ulong Seed)> _applied = [];
    private readonly List<ulong> _digests = [0];
    private readonly SortedDictionary<string, int> _places = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _rejected = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _given = new(StringComparer.Ordinal);
    private readonly List<(long At, int Length)> _known = [(0, 0)];

    /// <summary>How many commands somebody has applied.</summary>
    internal int Length => _applied.Count;

    /// <summary>How long the list has to be for whoever asks from now on.</summary>
    internal int Floor => _known[^1].Length;

    /// <summary>The place of the last write that somebody was told of.</summary>
    internal LogIndex LastKnown => Floor == 0 ? LogIndex.Zero : new LogIndex(_applied[Floor - 1].Index);

    internal long Acknowledged { get; private set; }

    internal long Reads { get; private set; }

    /// <summary>How long the list was known to be at a time.</summary>
    internal int FloorAt(long at)
    {
        int found = _known.BinarySearch((Math.Max(0, at), int.MaxValue));
        return _known[(found < 0 ? ~found : found + 1) - 1].Length;
    }

    internal ulong DigestOf(int length) => _digests[length];

    internal string CommandAt(int position) => _applied[position].Command;

    internal int? PlaceOf(string command) => _places.TryGetValue(command, out int place) ? place : null;

    /// <summary>A command was given to somebody.</summary>
    internal void Give(string command) => _given.Add(command);

    /// <summary>A node has applied a command as the next of its list.</summary>
    /// <param name="node">Which.</param>
    /// <param name="length">Of its list before.</param>
    /// <param name="command">The command.</param>
    /// <param name="at">Its place, as the node was told.</param>
    internal void Apply(string node, int length, string command, in AppliedAt at)
    {
        if (length < _applied.Count)
        {
            Require(
                _applied[length] == (at.Index.Value, command, at.Time, at.Seed),
                $"all nodes apply the same: {node} has {at} {command} at {length}, and {_applied[length]} was applied there");
            return;
        }

        Require(length == _applied.Count, $"no node leaves a command out: {node} is at {length}, the world at {_applied.Count}");
        Require(_applied.Count == 0 || _applied[^1].Index < at.Index.Value, $"indexes grow: {node} applies {at} {command} behind {(_applied.Count == 0 ? default : _applied[^1])}");
        Require(_applied.Count == 0 || _applied[^1].Time <= at.Time, $"time never goes back: {node} applies {at} {command} behind {(_applied.Count == 0 ? default : _applied[^1])}");
        Require(_given.Contains(command), $"only what somebody asked for is applied: {node} applies {command}");
        Require(_places.TryAdd(command, length), $"a write takes effect once: {node} applies {command} at {length} ({at}), and it was applied at {PlaceOf(command)}");
        Require(!_rejected.Contains(command), $"what was rejected never takes effect: {node} applies {command} at {length} ({at})");
        _applied.Add((at.Index.Value, command, at.Time, at.Seed));
        unchecked
        {
            ulong digest = _digests[^1] ^ at.Index.Value;
            foreach (char letter in command)
            {
                digest = (digest ^ letter) * 1099511628211;
            }

            _digests.Add(digest);
        }
    }

    /// <summary>A caller was told that its write took effect.</summary>
    /// <param name="command">The write.</param>
    /// <param name="index">Where, as it was told.</param>
    /// <param name="answer">What the state machine answered: the length of the list behind it. Null if that isn't told.</param>
    /// <param name="floor">What was known when the call began.</param>
    internal void Acknowledge(string command, LogIndex index, ReadOnlyMemory<byte>? answer, int floor)
    {
        Require(_places.TryGetValue(command, out int place), $"what is acknowledged was applied: {command} at {index}");
        Require(_applied[place].Index == index.Value, $"a write is where its caller was told: {command} is at {_applied[place].Index}, and was said to be at {index}");
        string expected = ListMachine.Answer(place + 1, command);
        string came = answer is { } told ? Encoding.UTF8.GetString(told.Span) : expected;
        Require(came == expected, $"a write is answered by its own application: {command} got '{came}', and '{expected}' was answered");
        Require(place >= floor, $"a write comes behind all that was known when it began: {command} is at {place}, and {floor} commands were known");
        Acknowledged++;
        Know(place + 1);
    }

    /// <summary>A caller was told that its write didn't take effect and never will.</summary>
    internal void Reject(string command, string why)
    {
        Require(!_places.ContainsKey(command), $"what was rejected hasn't taken effect: {command} was applied at {PlaceOf(command)}, and its caller was told: {why}");
        _rejected.Add(command);
    }

    /// <summary>A caller has read.</summary>
    /// <param name="what">The read, for the report.</param>
    /// <param name="answer">The length of the list and its digest, as <see cref="ListMachine"/> answers.</param>
    /// <param name="floor">The shortest list that it may have seen.</param>
    /// <param name="isKnown">Whether later reads may not see less.</param>
    internal void Read(string what, ReadOnlyMemory<byte> answer, int floor, bool isKnown)
    {
        string[] parts = Encoding.UTF8.GetString(answer.Span).Split(' ');
        int length = int.Parse(parts[0], CultureInfo.InvariantCulture);
        ulong digest = ulong.Parse(parts[1], CultureInfo.InvariantCulture);
        Require(length <= _applied.Count && _digests[length] == digest, $"a read sees what was applied: {what} saw {length} commands with digest {digest:x}");
        Require(length >= floor, $"a read sees all that it has to: {what} saw {length} commands, and {floor} were due");
        Reads++;
        if (isKnown)
        {
            Know(length);
        }
    }

    /// <summary>The length that the entries up to an index make.</summary>
    internal int LengthAt(LogIndex index) => _applied.Count(row => row.Index <= index.Value);

    internal void Require(bool holds, string rule)
    {
        if (!holds)
        {
            loop.Fail($"not so: {rule}");
        }
    }

    private void Know(int length)
    {
        if (length > Floor)
        {
            _known.Add((loop.Now, length));
        }
    }
}
