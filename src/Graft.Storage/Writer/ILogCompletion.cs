namespace Graft.Storage;

/// <summary>
/// Is told what became of a write. Called on threads of the writer's, for one write at a time of a group: take note, submit what is
/// ready, and return, since others wait meanwhile.
/// </summary>
public interface ILogCompletion
{
    /// <summary>All of it is durable, and <paramref name="token"/> proves it.</summary>
    void Durable(LogWrite write, FlushToken token);

    /// <summary>
    /// The disk is full. Nothing of it was taken, or a prefix of its entries. Submit the same object again, later: until then
    /// other writes of its group are answered in the same way, since they would leave a gap. Only a compaction of what lies below
    /// them all goes ahead of them (<see cref="RefusedWrites"/>).
    /// </summary>
    void NoSpace(LogWrite write);

    /// <summary>
    /// The write makes no sense for this log (<see cref="ArgumentException"/>: a mistake of the caller's; nothing was taken), the
    /// segments are too small for it (<see cref="StorageRefusedException"/>; nothing of it may be acknowledged), or the log is over (<see cref="StorageFailedException"/>: it may or may not be there after a restart).
    /// </summary>
    void Failed(LogWrite write, Exception why);
}
