using Graft.Storage;

namespace Graft;

/// <summary>Takes writes for the node's log. Those of one group become durable in the order in which they were handed over.</summary>
internal interface ILogQueue : IDisposable
{
    void Submit(LogWrite write, ILogCompletion completion);
}
