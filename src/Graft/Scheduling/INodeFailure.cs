using Graft.Consensus;
using Graft.Storage;

namespace Graft;

/// <summary>Is told what no code path expects.</summary>
internal interface INodeFailure
{
    /// <summary>Stops the node at once, without another word to anybody.</summary>
    /// <returns>True: the exception has been dealt with.</returns>
    bool Report(object where, Exception bug);

    /// <summary>The log failed; it is over, and with it the node.</summary>
    void ReportStorage(StorageFailedException failure);

    /// <summary>Something that whoever operates the node may want to know.</summary>
    void Note(GroupId group, string text);

    /// <summary>A state machine threw; its group applies no further here.</summary>
    void ReportHalted(ApplyHaltedException why);

    /// <summary>States differ between nodes.</summary>
    void ReportDivergence(GroupId group, string what);

    /// <summary>Entries that were durable can no longer be read.</summary>
    void ReportDamage(GroupId group, LogIndex first, LogIndex last);
}
