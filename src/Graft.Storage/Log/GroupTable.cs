using System.Diagnostics.CodeAnalysis;
using Graft.Consensus;

namespace Graft.Storage;

/// <summary>The groups of a log: found by hash, since that is asked for each entry, and listed by id, since that goes to disk.</summary>
internal sealed class GroupTable
{
    private readonly Dictionary<GroupId, GroupLog> _found = [];
    private readonly SortedDictionary<GroupId, GroupLog> _listed = [];

    internal int Count => _listed.Count;

    /// <summary>In order of their ids.</summary>
    internal SortedDictionary<GroupId, GroupLog>.ValueCollection Values => _listed.Values;

    internal SortedDictionary<GroupId, GroupLog>.KeyCollection Keys => _listed.Keys;

    internal bool TryGetValue(GroupId id, [NotNullWhen(true)] out GroupLog? group) => _found.TryGetValue(id, out group);

    internal void Add(GroupId id, GroupLog group)
    {
        _found.Add(id, group);
        _listed.Add(id, group);
    }

    internal void Remove(GroupId id)
    {
        _found.Remove(id);
        _listed.Remove(id);
    }
}
