import type { Model } from 'openai/resources/models';
import type { SimulatedModel } from './models.ts';
import { apiError, ok, type Reply } from './reply.ts';
import type { EndpointRequest, Simulation } from './simulation.ts';

/** 2026-01-01: the simulator does not know when a model came out. */
const CREATED = 1_767_225_600;

/** `GET /models` */
export function listModels(_: EndpointRequest, simulation: Simulation): Reply {
  return ok({ object: 'list', data: [...simulation.models.values()].map(listed) });
}

/** `GET /models/{id}` */
export function getModel({ id }: EndpointRequest, simulation: Simulation): Reply {
  const model = simulation.models.get(id);
  if (model !== undefined) return ok(listed(model));
  return apiError(404, `The model '${id}' does not exist`, { param: 'model', code: 'model_not_found' });
}

function listed({ id }: SimulatedModel): Model {
  return { id, object: 'model', created: CREATED, owned_by: 'openai' };
}
