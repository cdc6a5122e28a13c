using Graft.NodeProcess;

namespace Graft.EndToEnd.Tests;

/// <summary>What a client was told of its writes, numbered from 1, and what of it the ledger contradicts.</summary>
internal sealed class ClientAccount(ulong id)
{
    private readonly List<ulong> _done = [];
    private readonly List<ulong> _rejected = [];
    private readonly List<string> _wrong = [];
    private ulong _sent;

    internal int Acknowledged => _done.Count;

    internal int Rejected => _rejected.Count;

    internal int Unknown { get; private set; }

    internal void Note(ulong number, CallOutcome outcome)
    {
        _sent = number;
        switch (outcome)
        {
            case CallOutcome.Done:
                _done.Add(number);
                break;
            case CallOutcome.Rejected:
                _rejected.Add(number);
                break;
            default:
                Unknown++;
                break;
        }
    }

    /// <summary>Notes what can't be, whatever the ledger says.</summary>
    internal void NoteWrong(string what) => _wrong.Add(what);

    /// <summary>What can't be, one line each.</summary>
    internal IEnumerable<string> Compare(NumberRuns applied)
    {
        IEnumerable<string> found =
        [
            .. _wrong,
            .. from number in _done where !applied.Contains(number) select $"number {number} was acknowledged, and is lost",
            .. from number in _rejected where applied.Contains(number) select $"number {number} was rejected, and is applied",
            .. applied.Repeats > 0 ? (string[])[$"{applied.Repeats} numbers were applied twice"] : [],
            .. applied.Last > _sent ? (string[])[$"number {applied.Last} was applied, and never sent"] : [],
        ];
        return found.Select(each => $"client {id}: {each}");
    }
}
