using Graft.Storage;

namespace Graft;

/// <summary>Takes writes for the node's log. Those of one group become durable in the order in which they were handed over.</summary>
internal interface ILogQueue : IDisposable
{
    /// <summary>How many flushes have been made for writes.</summary>
    long Flushes { get; }

    void Submit(LogWrite write, ILogCompletion completion);
}
