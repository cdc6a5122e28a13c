namespace Graft.Sqlite;

/// <summary>What the cluster has agreed to compute with, as far as this node's log has said, and what this node computes with.</summary>
internal sealed class Agreement(Fingerprint mine)
{
    private const string FingerprintSetting = "fingerprint";
    private const string DescriptionSetting = "version";

    private string? _agreed;
    private string? _description;

    /// <summary>What this node has.</summary>
    internal Fingerprint Mine { get; } = mine;

    /// <summary>Whether anything is agreed.</summary>
    internal bool IsMade => Volatile.Read(ref _agreed) is not null;

    /// <summary>Reads what an opened state says.</summary>
    internal void Read(SqliteConnection connection)
    {
        _description = Setting(connection, DescriptionSetting);
        Volatile.Write(ref _agreed, Setting(connection, FingerprintSetting));
    }

    /// <summary>Takes the first word for the cluster's; the same word again changes nothing.</summary>
    /// <returns>Why another word is refused; null if it's agreed.</returns>
    internal string? Propose(WriterSession session, Fingerprint proposed)
    {
        if (_agreed is null)
        {
            session.SetSetting(FingerprintSetting, proposed.Value);
            session.SetSetting(DescriptionSetting, proposed.Description);
            _description = proposed.Description;
            Volatile.Write(ref _agreed, proposed.Value);
            return null;
        }

        return _agreed == proposed.Value
            ? null
            : $"the cluster has agreed on {_description}, and {proposed.Description} computes otherwise; start the node with what was agreed";
    }

    /// <summary>Makes sure that this node computes as was agreed, before it applies anything.</summary>
    /// <exception cref="SqliteLibraryException">It doesn't. It applies nothing until it's started with what was agreed.</exception>
    internal void ExpectMine()
    {
        if (_agreed is not null && _agreed != Mine.Value)
        {
            throw new SqliteLibraryException(
                $"The cluster has agreed on {_description}. This node has {Mine.Description}, which may come to other rows from the same statements, so it applies nothing."
                + " Start it with the same library and settings as the others; it goes on where it is.");
        }
    }

    private static string? Setting(SqliteConnection connection, string name) => connection.Scalar($"SELECT value FROM _graft_setting WHERE name='{name}'");
}
